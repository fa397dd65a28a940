import type { JSX } from 'preact';

interface Props {
  /** What the rows are of, and what their numbers are. */
  readonly heads: readonly [of: string, down: string, up: string];
  readonly rows: readonly { readonly name: string; readonly down: string; readonly up: string }[];
}

/** What a chart draws, as rows of words. */
export function RatesTable({ heads, rows }: Props): JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          {heads.map((head, index) => (
            <th key={index} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, down, up }, index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <td>{down}</td>
            <td>{up}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
