import { parseNetwork } from '#kubernetes/addresses.ts';
import type { PolicyKind } from '../kind.ts';
import { evaluator } from './evaluate.ts';
import { generate } from './generate.ts';
import { options } from './options.ts';
import { query, type Query } from './query.ts';

/** Other options may come along: they were the generator's. */
const readingOptions = options.pick({ metadata: true, clusterNetwork: true }).strip();

export const falco: PolicyKind<typeof options, Query> = {
  name: 'falco',
  aliases: [],
  summary: 'alerts on programs, files, connections, ports, users and calls that were not seen: Falco rules',
  shown: {
    generated: 'rules, override',
    judged: "rules files as Falco loads them; sysdig's engine, event by event",
    enforced: "nothing: it alerts, on 103 of 104 listed attacks; real ones in sysdig's engine",
  },
  rollout: {
    // Rules refuse nothing.
    watch: {},
    look: 'give the files to Falco (rules_files, or customRules of its chart); what they tell of without an attack was not seen yet: record it and write them again',
    enforce: 'nothing to do: Falco tells and never refuses; raise priorities, or let Falcosidekick act',
    undo: 'take the files back',
  },
  demoFile: 'demo-falco.yaml',
  options,
  // Each gives rules of its own; what was not recorded has none, and the notes say so.
  sensors: [],
  unit: 'container',
  cluster: 'unused',
  generate,
  recognises: (text) => /^- (rule|macro|list|required_engine_version|required_plugin_versions):/m.test(text),
  evaluator: (text, chosen = {}) => {
    const { metadata, clusterNetwork } = readingOptions.parse(chosen);
    return evaluator(text, { metadata, clusterNetworks: clusterNetwork.flatMap((each) => parseNetwork(each) ?? []) });
  },
  readingOptions,
  deployed: [],
  query,
};
