/**
 * A policy's answers about what was observed and what was not. Types come from the text's own contexts, or from this
 * kind's reading of the reference policy; what the node's base may add to the text is `unknown` until the base is given.
 */
import { z } from 'zod';
import { fileAccess, type Observation, protocol } from '#observation/observation.ts';
import { wordsOf } from '#observation/words.ts';
import type { Evaluator, Verdict } from '../kind.ts';
import { readArtifact } from './judge/artifact.ts';
import { checkAssertions } from './judge/assertions.ts';
import { decide, permissionText, typeNamed } from './judge/decide.ts';
import { readExpressions } from './judge/expressions.ts';
import { groundOf } from './judge/grounds.ts';
import { type Labelling, labelsOf } from './judge/labels.ts';
import { type Actor, type Need, needsOf } from './judge/needs.ts';
import { neighboursOf } from './judge/neighbours.ts';
import { type Policy, policyOf, type Rule } from './judge/policy.ts';
import { namesOf } from './judge/sets.ts';
import { otherNeedsOf } from './judge/socket-needs.ts';
import type { ReadingOptions } from './options.ts';

const typed = z.strictObject({
  /** A type or a context; the artifact's own process when absent. */
  source: z.string().min(1).optional(),
  /** A type or a context, or `self`. */
  target: z.string().min(1),
  class: z.string().min(1),
  /** One or several, which must all be allowed. */
  permission: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  ioctl: z.int().nonnegative().optional(),
});
const byPath = z.strictObject({ path: z.string().startsWith('/'), access: fileAccess, program: z.string().optional() });
const byPort = z.strictObject({
  port: z.int().min(0).max(65_535),
  protocol: protocol.default('tcp'),
  operation: z.enum(['bind', 'connect']),
});
export const query = z.union([typed, byPath, byPort]);
export type Query = z.infer<typeof query>;

export function evaluator(text: string, options: ReadingOptions): Evaluator<Query> {
  const artifact = readArtifact(text);
  const bases = options.base === '' ? [] : [{ statements: readExpressions(options.base, 'base'), own: false }];
  const policy = policyOf([...bases, { ...artifact, own: true }]);
  checkAssertions(policy);
  const booleans = new Map(
    options.boolean.map((each): [string, boolean] => [each.split('=')[0] ?? '', each.endsWith('=true')]),
  );
  const rules = [...policy.rules.values()].flat().filter(({ statement }) => statement.own);
  const domain = options.domain === '' ? entryDomain(policy, artifact.domain, rules) : options.domain;
  const labels = labelsOf(
    policy,
    labellingOf(policy, rules, options),
    new Map(options.portType.map(pairOf)),
    new Map(options.pathType.map(pairOf)),
  );

  function actorOf(program: string | null): Actor {
    const of = (name: string | null): string =>
      name === null || !name.startsWith('/') ? domain : (entered(labels.file(name, 'file')) ?? domain);
    const here = of(program);
    return { domain: here, of, after: (label) => transitionFrom(here, label) ?? here };
  }
  /** The domain that programs of this label run in, when all transitions agree. */
  function entered(label: string): string | null {
    const results = new Set(
      policy.transitions.flatMap(({ target, class: kind, result }) =>
        kind === 'process' && policy.members.has(target, label) === 'yes' && 'name' in result ? [result.name] : [],
      ),
    );
    return results.size === 1 ? ([...results][0] ?? null) : null;
  }
  function transitionFrom(source: string, label: string): string | null {
    const found = policy.transitions.find(
      (each) =>
        each.class === 'process' &&
        policy.members.has(each.source, source) === 'yes' &&
        policy.members.has(each.target, label) === 'yes',
    );
    return found !== undefined && 'name' in found.result ? found.result.name : null;
  }
  function needs(observation: Observation): readonly Need[] | null {
    if (!('phase' in observation) || observation.phase !== 'program' || artifact.gives !== 'rules') return null;
    const actor = actorOf(observation.program);
    return needsOf(observation, actor, labels) ?? otherNeedsOf(observation, actor, labels);
  }
  function answerNeed({ source, target, class: kind, permission, or = [] }: Need): Verdict {
    const to = target === 'self' ? source : target;
    const verdicts = [{ class: kind, permission }, ...or].map((each) =>
      decide(policy, { source, target: to, ...each }, booleans),
    );
    const allowing = verdicts.filter(({ verdict }) => verdict === 'allow');
    const [first] = allowing;
    if (first !== undefined) return { ...first, permissions: allowing.flatMap((each) => each.permissions ?? []) };
    const { verdict, rule } = verdicts.find((each) => each.verdict === 'unknown') ??
      verdicts[0] ?? { verdict: 'unknown', rule: '' };
    return { verdict, rule: `${source} ${target} ${kind} ${permission}: ${rule}` };
  }
  function all(asked: readonly Need[]): Verdict {
    const verdicts = asked.map(answerNeed);
    const decisive =
      verdicts.find(({ verdict }) => verdict === 'deny') ?? verdicts.find(({ verdict }) => verdict === 'unknown');
    const permissions = [...new Set(verdicts.flatMap((each) => each.permissions ?? []))].toSorted();
    const rule = decisive?.rule ?? [...new Set(verdicts.map((each) => each.rule))].slice(0, 3).join(' ');
    return { verdict: decisive?.verdict ?? 'allow', rule, ...(permissions.length === 0 ? {} : { permissions }) };
  }
  function answer(asked: Query): Verdict {
    const common = {
      container: '?',
      phase: 'program' as const,
      program: 'path' in asked ? (asked.program ?? null) : null,
      seen: { first: 0, last: 0, count: 1 },
    };
    if ('path' in asked) {
      const kind = ['list', 'mkdir', 'rmdir'].includes(asked.access) ? 'directory' : 'file';
      return all(
        needs({
          type: 'file',
          ...common,
          path: asked.path,
          access: asked.access,
          resolution: 'exact',
          kind,
          owner: null,
        }) ?? [],
      );
    }
    if ('operation' in asked) {
      const { operation, port } = asked;
      return all([
        {
          source: domain,
          target: labels.port(asked.protocol, port),
          class: `${asked.protocol}_socket`,
          permission: `name_${operation}`,
        },
      ]);
    }
    const permissions = typeof asked.permission === 'string' ? [asked.permission] : asked.permission;
    const verdicts = permissions.map((permission) =>
      decide(policy, { ...asked, source: asked.source ?? domain, permission }, booleans),
    );
    const refused =
      verdicts.find(({ verdict }) => verdict === 'deny') ?? verdicts.find(({ verdict }) => verdict === 'unknown');
    return (
      refused ?? {
        ...(verdicts[0] ?? { verdict: 'unknown', rule: 'nothing is asked' }),
        permissions: verdicts.flatMap((each) => each.permissions ?? []),
      }
    );
  }

  const granted = [
    ...new Set(
      rules.flatMap((rule) =>
        rule.classes.flatMap((each) =>
          (namesOf(each.permissions) ?? ['(some)']).map((permission) => permissionText(rule, each.class, permission)),
        ),
      ),
    ),
  ].toSorted();
  return {
    governs: (observation) => needs(observation) !== null,
    judge: (observation) => all(needs(observation) ?? []),
    about: wordsOf,
    answer,
    permissions: granted,
    ground: (permission) => groundOf(policy, permission, granted, domain),
    neighbours: () => neighboursOf(granted),
  };
}

/** `a=b`, at the last equals sign: a path may hold one. */
function pairOf(text: string): [string, string] {
  const at = text.lastIndexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** How files are labelled: by mount where the text speaks of the image's one type, or inherits what does. */
function labellingOf(policy: Policy, rules: readonly Rule[], options: ReadingOptions): Labelling {
  const mount = { by: 'mount', type: options.imageType } as const;
  if (options.labels !== 'auto') return options.labels === 'mount' ? mount : { by: 'paths' };
  const speaks = rules.some(({ target }) => target !== 'self' && 'name' in target && target.name === options.imageType);
  const inherits = policy.missing.some(({ what }) => what === 'block') || policy.types.has(options.imageType);
  return speaks || inherits ? mount : { by: 'paths' };
}

/** The first process's type: by the artifact's form, else the one that alone is a source. */
function entryDomain(policy: Policy, stated: string | null, rules: readonly Rule[]): string {
  if (stated !== null) return typeNamed(policy, stated) ?? stated;
  const sources = new Set(rules.flatMap(({ source }) => (source.op === 'type' ? [source.name] : [])));
  return sources.size === 1 ? ([...sources][0] ?? '') : 'process';
}
