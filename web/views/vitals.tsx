import type { JSX } from 'preact';
import type { Vitals } from '../../sw/view-model.ts';
import { askVitals, run } from '../actions.ts';
import { store } from '../store.ts';
import { usePolled } from '../ui/polled.ts';
import { words } from '../words/words.ts';
import { describeConnections, describeDht, describePort, describeTest, describeTracker } from '../vitals.ts';

/** How often it is asked, ms. */
const PERIOD = 2_000;

/** Whether peers get in, who is found and how, and who is connected. */
export function VitalsSections(): JSX.Element | null {
  const vitals = usePolled(askVitals, PERIOD, '');
  if (vitals === null) return null;
  return (
    <>
      <section aria-labelledby="activity-port">
        <h2 id="activity-port">{words.activity.port()}</h2>
        {vitals.port === null ? <p>{words.activity.portNeedsHelper()}</p> : <Port port={vitals.port} />}
      </section>
      <section aria-labelledby="activity-dht">
        <h2 id="activity-dht">DHT</h2>
        {vitals.dht === null ? <p>{words.activity.noDht()}</p> : <p>{describeDht(vitals.dht).text}</p>}
      </section>
      <section aria-labelledby="activity-connections">
        <h2 id="activity-connections">{words.activity.connections()}</h2>
        <p>{describeConnections(vitals.connections)}</p>
      </section>
      <Trackers trackers={vitals.trackers} more={vitals.moreTrackers} />
    </>
  );
}

function Port({ port }: { readonly port: NonNullable<Vitals['port']> }): JSX.Element {
  const { text, tone } = describePort(port, store.connection.value.ports);
  const isRunning = port.test.state === 'running';
  const number = (value: number): string => (value > 0 ? String(value) : words.activity.noPort());
  const numbers = { tcp: number(port.tcp), udp: number(port.udp), outside: number(port.outside) };
  return (
    <>
      <p class={`tone-${tone}`}>{text}</p>
      <p class="quiet number">
        {port.outside !== port.tcp && port.outside > 0 ? words.activity.portsMapped(numbers) : words.activity.ports(numbers)}
      </p>
      <button type="button" class="button" disabled={isRunning} onClick={() => run({ do: 'testPort' })}>
        {words.activity.testPort()}
      </button>
      <p role="status">{describeTest(port)}</p>
      <p class="quiet">{words.activity.testMeans()}</p>
    </>
  );
}

function Trackers({ trackers, more }: { readonly trackers: Vitals['trackers']; readonly more: number }): JSX.Element {
  return (
    <section class="activity-wide" aria-labelledby="activity-trackers">
      <h2 id="activity-trackers">{words.activity.trackers()}</h2>
      {trackers.length === 0 && <p>{words.activity.noTracker()}</p>}
      <ul class="activity-trackers">
        {trackers.map(tracker => {
          const { text, tone } = describeTracker(tracker);
          return (
            <li key={tracker.host}>
              <bdi>{tracker.host}</bdi>
              <span class={`tone-${tone}`}>
                <bdi>{text}</bdi>
              </span>
            </li>
          );
        })}
      </ul>
      {more > 0 && <p class="quiet">{words.activity.moreTrackers({ count: more })}</p>}
    </section>
  );
}
