/** What the agent tells of itself. */
import type { ClusterView } from '../cluster/cluster-view.ts';
import type { Spool } from '../delivery/spool.ts';
import type { Uploader } from '../delivery/uploader.ts';
import type { BpfMap } from '../libbpf/map.ts';
import type { NodeAgent } from '../node-agent.ts';
import type { Scope } from '../scope.ts';
import type { Metric } from './exposition.ts';

export interface Parts {
  readonly agent: NodeAgent;
  readonly scope: Scope;
  readonly spool: Spool;
  readonly uploader: Uploader;
  readonly cluster: ClusterView;
}

export function metrics({ agent, scope, spool, uploader, cluster }: Parts, now: number): Metric[] {
  const lagMs = agent.lagMs;
  agent.lagMs = 0;
  const maps = [...scope.sharedMaps(), ...agent.births.maps(), ...agent.attached.flatMap((sensor) => sensor.maps())];
  const [oldest] = spool.files;
  const { uploads } = uploader;
  const { dismissed } = agent.containers;
  const sensors = agent.sensorsNow();
  const one = (name: string, help: string, type: Metric['type'], value: number): Metric => ({
    name: `kguardian_agent_${name}`,
    help,
    type,
    samples: [{ value }],
  });
  return [
    {
      name: 'kguardian_agent_sensor_up',
      help: 'Whether the sensor runs on this node.',
      type: 'gauge',
      samples: sensors.map(({ sensor, available }) => ({ labels: { sensor }, value: available ? 1 : 0 })),
    },
    {
      name: 'kguardian_agent_lost_facts_total',
      help: 'Facts dropped after they were seen, by sensor; containers: those that were not recorded at all.',
      type: 'counter',
      samples: [...sensors, { sensor: 'containers', lost: agent.births.lost() }].map(({ sensor, lost }) => ({
        labels: { sensor },
        value: lost,
      })),
    },
    {
      name: 'kguardian_agent_map_fill_ratio',
      help: 'How full a kernel map is; at 1 facts are lost.',
      type: 'gauge',
      samples: maps.map((map) => ({ labels: { map: map.name }, value: fill(map) })),
    },
    one(
      'drain_lag_seconds',
      'The longest that rings waited beyond their turn, since the last scrape.',
      'gauge',
      lagMs / 1000,
    ),
    {
      name: 'kguardian_agent_containers',
      help: 'Containers that are recorded: with a name, and still without.',
      type: 'gauge',
      samples: [
        { labels: { state: 'named' }, value: agent.containers.named().length },
        { labels: { state: 'waiting' }, value: agent.containers.waiting },
      ],
    },
    {
      name: 'kguardian_agent_containers_dismissed_total',
      help: 'Containers that were let go unsent: sandboxes, excluded namespaces, those that nobody named, and other cgroups.',
      type: 'counter',
      samples: Object.entries(dismissed).map(([reason, value]) => ({ labels: { reason }, value: Number(value) })),
    },
    one('containers_finished_total', 'Containers that ended and were sent to their end.', 'counter', agent.released),
    one('subjects_in_use', 'Numbers in use, of those that the kernel can hold.', 'gauge', scope.subjects.used),
    one('sent_facts', 'Facts of present containers that were sent.', 'gauge', agent.deltas.size),
    one('spool_bytes', 'Bytes that wait for the broker.', 'gauge', spool.bytes),
    one('spool_files', 'Recordings that wait for the broker.', 'gauge', spool.files.length),
    one(
      'spool_oldest_seconds',
      'Age of the oldest recording that waits.',
      'gauge',
      oldest === undefined ? 0 : (now - oldest.at) / 1000,
    ),
    one('spool_dropped_facts_total', 'Facts that had to make room in the spool.', 'counter', spool.dropped.facts),
    one(
      'spool_dropped_files_total',
      'Recordings that had to make room in the spool altogether.',
      'counter',
      spool.dropped.files,
    ),
    {
      name: 'kguardian_agent_uploads_total',
      help: 'Uploads by what became of them.',
      type: 'counter',
      samples: (['acknowledged', 'refused', 'failed'] as const).map((result) => ({
        labels: { result },
        value: uploads[result],
      })),
    },
    one('uploaded_bytes_total', 'Compressed bytes that the broker acknowledged.', 'counter', uploads.bytes),
    one(
      'last_acknowledged_timestamp_seconds',
      'When the broker last took a recording; 0 for never.',
      'gauge',
      uploads.lastAcknowledged / 1000,
    ),
    {
      name: 'kguardian_agent_collection_followed',
      help: 'Whether a collection of the API server is listed and watched at this moment.',
      type: 'gauge',
      samples: Object.entries(cluster.following).map(([collection, { listed, trouble }]) => ({
        labels: { collection },
        value: listed && trouble === null ? 1 : 0,
      })),
    },
    one(
      'known_addresses',
      'Addresses of pods, nodes and Services that peers are named by.',
      'gauge',
      cluster.peers.size,
    ),
    one('resident_bytes', 'Resident memory of the agent.', 'gauge', process.memoryUsage.rss()),
  ];
}

function fill(map: BpfMap): number {
  return Number((map.count() / map.maxEntries).toFixed(4));
}
