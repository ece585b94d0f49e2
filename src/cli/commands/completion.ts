/** Shell completion from the commands themselves, so that it cannot fall behind them. */
import type { Command } from 'commander';
import { Failure } from '../failure.ts';

interface Node {
  /** Words from the program's name on, `gen seccomp`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly help: string }[];
}

export function completion(root: Command, shell: string): void {
  const scripts: Record<string, (nodes: readonly Node[]) => string> = { bash, zsh, fish };
  const script = scripts[shell];
  if (script === undefined)
    throw new Failure(`no completion for ${JSON.stringify(shell)}; there is bash, zsh and fish`);
  process.stdout.write(script(nodes(root, '')));
}

function nodes(command: Command, path: string): Node[] {
  const shown = command.commands.filter((each) => each.summary() !== '');
  const below = shown.map((each) => ({ word: each.name(), help: each.summary() }));
  const flags = command.options.flatMap(({ long, description }) =>
    long ? [{ word: long, help: description.split(';')[0] ?? '' }] : [],
  );
  const words = [...below, ...flags, { word: '--help', help: 'show help' }];
  return [{ path, words }, ...shown.flatMap((each) => nodes(each, `${path} ${each.name()}`.trim()))];
}

/** What may follow the words typed so far, the last of which may be unfinished: as kubectl asks its plugins. */
export function complete(root: Command, typed: readonly string[]): void {
  const open = typed.at(-1) ?? '';
  let path = '';
  const all = nodes(root, '');
  for (const word of typed.slice(0, -1)) {
    const deeper = `${path} ${word}`.trim();
    if (all.some((node) => node.path === deeper)) path = deeper;
  }
  const words = all.find((node) => node.path === path)?.words ?? [];
  for (const { word, help } of words) if (word.startsWith(open)) process.stdout.write(`${word}\t${help}\n`);
  // cobra's "no file names": what is missing is a workload's name.
  process.stdout.write(':4\n');
}

const programs = ['kguardian', 'kubectl-kguardian'];
/** Inside single quotes. */
const quoted = (text: string): string => text.replaceAll("'", "'\\''");

function bash(all: readonly Node[]): string {
  const cases = all.map(({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`);
  return `# bash completion of kguardian; put it into /etc/bash_completion.d, or source it
_kguardian() {
  local path= word words current=\${COMP_WORDS[COMP_CWORD]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${all
      .map(({ path }) => path)
      .filter((path) => path !== '')
      .join(' , ')} " in
      *" , \${path:+$path }$word ,"* | *" \${path:+$path }$word ,"* | *", \${path:+$path }$word "*) path=\${path:+$path }$word ;;
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ $current == -* || \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _kguardian ${programs.join(' ')}
`;
}

function zsh(all: readonly Node[]): string {
  const cases = all.map(({ path, words }) => {
    const list = words.map(({ word, help }) => `'${quoted(`${word}:${help.replaceAll(':', ' ')}`)}'`).join(' ');
    return `    '${path}') words_here=(${list}) ;;`;
  });
  return `#compdef ${programs.join(' ')}
_kguardian() {
  local path_here= word
  local -a words_here paths
  paths=(${all.map(({ path }) => `'${path}'`).join(' ')})
  for word in \${words[2,CURRENT-1]}; do
    (( \${paths[(Ie)\${path_here:+$path_here }$word]} )) && path_here="\${path_here:+$path_here }$word"
  done
  case $path_here in
${cases.join('\n')}
  esac
  _describe kguardian words_here || _files
}
compdef _kguardian ${programs.join(' ')}
`;
}

function fish(all: readonly Node[]): string {
  const lines = all.flatMap(({ path, words }) => {
    const last = path.split(' ').at(-1) ?? '';
    const subcommands = words.filter(({ word }) => !word.startsWith('-')).map(({ word }) => word);
    const when =
      path === ''
        ? '__fish_use_subcommand'
        : `__fish_seen_subcommand_from ${last}${subcommands.length > 0 ? `; and not __fish_seen_subcommand_from ${subcommands.join(' ')}` : ''}`;
    return words.map(({ word, help }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c kguardian -n '${when}' ${what} -d '${quoted(help)}'`;
    });
  });
  return `# fish completion of kguardian; put it into ~/.config/fish/completions/kguardian.fish\n${lines.join('\n')}\n`;
}
