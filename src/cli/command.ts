/** What all commands look like. */
import { Command, Help } from 'commander';
import { version } from './version.ts';

/** As the user called us: plugins of kubectl are called by another name than their file's. */
const calledAs = process.env['KGUARDIAN_CALLED_AS'] === 'kubectl-kguardian' ? 'kubectl kguardian' : 'kguardian';

/** One line, two examples that work when pasted, then flags. */
export function command(parent: Command, usage: string, summary: string, examples: readonly string[]): Command {
  const above: string[] = [calledAs];
  for (let each = parent; each.parent !== null; each = each.parent) above.splice(1, 0, each.name());
  return parent
    .command(usage)
    .summary(summary)
    .description(`${summary}\n\nExamples:\n${examples.map((each) => `  ${[...above, each].join(' ')}`).join('\n')}`);
}

/** Examples are pasted: their lines stay whole. */
const wrap = (text: string, width: number): string => new Help().boxWrap(text, width);
/** Of a flag that may be repeated. */
export const collect = (value: string, all: string[] = []): string[] => [...all, value];

/** What commander says, with where to look unless it has said what is there. */
function pointed(text: string): string {
  const said = text.replace(/^error: /, 'kguardian: ');
  return said.includes('(Did you mean') || said.endsWith('.\n') ? said : said.replace(/\n$/, '; see --help\n');
}

export function rootCommand(): Command {
  return new Command(calledAs)
    .description('Watches what a workload really does and writes the least privilege it needs, with a proof')
    .version(version, '--version', 'print the version')
    .option('--debug', 'with errors, show where they come from')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(pointed(text)) })
    .configureHelp({
      boxWrap: (text, width) => {
        const examples = text.indexOf('\n\nExamples:\n');
        return examples < 0 ? wrap(text, width) : wrap(text.slice(0, examples), width) + text.slice(examples);
      },
      // What each takes, its own help says: lists of commands stay narrow.
      subcommandTerm: (one) => [one.name(), ...one.aliases()].join('|'),
    })
    .exitOverride();
}
