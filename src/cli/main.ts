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

/** An agent's process never sees the kinds of policies, nor what they are made of. */
async function root(): Promise<Command> {
  if (process.argv[2] !== 'agent') return (await import('./program.ts')).program();
  const { rootCommand } = await import('./command.ts');
  const { addAgent } = await import('./agent-command.ts');
  const alone = rootCommand();
  addAgent(alone);
  return alone;
}
