/**
 * Loaded before each test file: random cases come from one seed, so that a change fails by what it changed and not by
 * chance. `KGUARDIAN_SEED=N make test-pure` looks elsewhere, and prints what it found with its path.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['KGUARDIAN_SEED'] ?? 7) });
