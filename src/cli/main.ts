/** The command line's entry: everything that goes wrong becomes one sentence and an exit code here. */
import { type Command, CommanderError } from 'commander';
import { Failure } from './failure.ts';
import { hideProgress } from './story.ts';

// A reader that stops early, as `| head` does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});

const debug = process.argv.includes('--debug');
try {
  await (await root()).parseAsync(process.argv);
} catch (error) {
  hideProgress();
  if (error instanceof CommanderError) {
    // commander has said it already; help and version end with 0.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`kguardian: ${debug && error instanceof Error ? (error.stack ?? message) : message}\n`);
    process.exitCode = error instanceof Failure ? error.exitCode : 2;
  }
}

/** Processes that run beside workloads never see the kinds of policies, nor what they are made of. */
async function root(): Promise<Command> {
  const word = process.argv[2];
  if (word !== 'agent' && word !== 'record') {
    const { program } = await import('./program.ts');
    const aboutAll = process.argv.slice(2).every((each) => ['--help', '-h', '--version', '--debug'].includes(each));
    if (aboutAll) return program([], (command) => command);
    const [{ kinds }, { addOptions }] = await Promise.all([import('#policies/index.ts'), import('./kind-options.ts')]);
    return program(kinds, addOptions);
  }
  const alone = (await import('./command.ts')).rootCommand();
  if (word === 'agent') (await import('./agent-command.ts')).addAgent(alone);
  else (await import('./record-command.ts')).addRecord(alone);
  return alone;
}
