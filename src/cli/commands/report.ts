/** `kguardian report`: what is known of each workload, what was written for it, how it was proved, what is left. */
import { reportHtml } from '#proof/report/html.ts';
import { reportMarkdown } from '#proof/report/markdown.ts';
import { reportOf } from '#proof/report/report.ts';
import { attacksVersion } from '#proof/attacks/index.ts';
import type { EvidenceFlags } from '../evidence.ts';
import { everythingAbout } from './gen-all.ts';

interface Flags extends EvidenceFlags {
  readonly output: 'markdown' | 'html' | 'json';
  readonly allowLoss?: boolean;
}

export async function report(workload: string | undefined, flags: Flags): Promise<void> {
  const { units, recordings, cluster } = await everythingAbout(workload, flags, 'enforce', false);
  const found = reportOf(units, recordings, cluster, attacksVersion);
  const written = {
    markdown: () => reportMarkdown(found),
    html: () => reportHtml(found),
    json: () => `${JSON.stringify(found, null, 2)}\n`,
  };
  process.stdout.write(written[flags.output]());
}
