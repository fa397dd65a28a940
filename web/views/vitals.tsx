import type { JSX } from 'preact';
import type { Vitals } from '../../sw/view-model.ts';
import { askVitals, run } from '../actions.ts';
import { plural } from '../format.ts';
import { store } from '../store.ts';
import { usePolled } from '../ui/polled.ts';
import { describeConnections, describeDht, describePort, describeTest, describeTracker } from '../vitals.ts';

/** How often it is asked, ms. */
const PERIOD = 2_000;
const NEEDS_HELPER =
  'A browser by itself has no sockets: its peers are those of WebRTC, and its trackers those over WebSocket. The helper adds the others.';

/** Whether peers get in, who is found and how, and who is connected. */
export function VitalsSections(): JSX.Element | null {
  const vitals = usePolled(askVitals, PERIOD, '');
  if (vitals === null) return null;
  return (
    <>
      <section aria-labelledby="activity-port">
        <h2 id="activity-port">Port</h2>
        {vitals.port === null ? <p>{NEEDS_HELPER}</p> : <Port port={vitals.port} />}
      </section>
      <section aria-labelledby="activity-dht">
        <h2 id="activity-dht">DHT</h2>
        {vitals.dht === null ? <p>Not in a browser by itself.</p> : <p>{describeDht(vitals.dht).text}</p>}
      </section>
      <section aria-labelledby="activity-connections">
        <h2 id="activity-connections">Connections</h2>
        <p>{describeConnections(vitals.connections)}</p>
      </section>
      <Trackers trackers={vitals.trackers} more={vitals.moreTrackers} />
    </>
  );
}

function Port({ port }: { readonly port: NonNullable<Vitals['port']> }): JSX.Element {
  const { text, tone } = describePort(port, store.connection.value.ports);
  const isRunning = port.test.state === 'running';
  return (
    <>
      <p class={`tone-${tone}`}>{text}</p>
      <p class="quiet number">
        {`TCP ${port.tcp || 'none'}, UDP ${port.udp || 'none'}${port.outside !== port.tcp && port.outside > 0 ? `, ${port.outside} from outside` : ''}.`}
      </p>
      <button type="button" class="button" disabled={isRunning} onClick={() => run({ do: 'testPort' })}>
        Test the port
      </button>
      <p role="status">{describeTest(port)}</p>
      <p class="quiet">
        The test asks the router anew and connects to this computer’s own address on the internet. No service is asked.
      </p>
    </>
  );
}

function Trackers({ trackers, more }: { readonly trackers: Vitals['trackers']; readonly more: number }): JSX.Element {
  return (
    <section class="activity-wide" aria-labelledby="activity-trackers">
      <h2 id="activity-trackers">Trackers</h2>
      {trackers.length === 0 && <p>None is in use.</p>}
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
      {more > 0 && <p class="quiet">{`And ${plural(more, 'other', 'others')}.`}</p>}
    </section>
  );
}
