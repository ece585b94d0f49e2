/** Rules of admission for the tree of `gen all`, in the languages that the cluster has. */
import { hasEnded } from '../running.ts';
import { type Evidence, nothing, type Written, type WrittenFile } from '../posture.ts';
import { type Form, type FormName, forms } from './forms.ts';
import { mine, miningDefaults, type Proposal } from './mine.ts';
import { prove } from './prove.ts';
import { inScope, type Scope } from './rule/rule.ts';
import { misshapen } from './shape.ts';
import { type Existing, existing } from './subjects.ts';

/** Kubernetes' own namespaces, which no rule is for unless it is asked for. */
export const systemNamespaces = ['kube-node-lease', 'kube-public', 'kube-system'];

export function writeAdmission(evidence: Evidence): Written {
  const { objects, whole, namespace, apis } = evidence;
  if (!whole)
    return nothing('no rules of admission, they are what all of a namespace has in common: ask for all of it');
  if (objects.type === 'unknown') return nothing(`no rules of admission, ${objects.reason}`);
  const scope: Scope = namespace === null ? { except: systemNamespaces } : { only: [namespace] };
  const all = objects.value
    .filter((each) => !hasEnded(each))
    .flatMap((each) => existing(each, namespace ?? 'default') ?? [])
    .filter((each) => inScope(scope, each.kind === 'Namespace' ? each.name : each.namespace));
  // A pattern over objects of which some cannot be read is none.
  const [fault] = all.flatMap((each) => misshapen(each) ?? []);
  if (fault !== undefined) return nothing(`no rules of admission, ${fault}`);
  const { proposals } = mine(all, { ...miningDefaults, scope });
  if (proposals.length === 0)
    return nothing(`no rules of admission, no pattern of ${all.length} objects has enough support`);
  const written = languages(evidence).map((name) => ofForm(forms[name], proposals, all, evidence.stage));
  return {
    files: written.flatMap(({ files }) => files),
    without: apis === null ? ['whether Gatekeeper or Kyverno are there nobody told: no rules for them'] : [],
    notes: [],
    faults: written.flatMap(({ faults }) => faults),
  };
}

/** By what the API server serves; Kubernetes' own where nobody asked. */
function languages({ apis, version }: Evidence): readonly FormName[] {
  if (apis === null) return ['vap'];
  const serves = (prefix: string): boolean => apis.some((each) => each.startsWith(prefix));
  // The group's version is older than this kind of it.
  const found: FormName[] = version === 'latest' || version >= 30 ? ['vap'] : [];
  if (serves('templates.gatekeeper.sh/')) found.push('gatekeeper');
  if (serves('policies.kyverno.io/')) found.push('kyverno');
  else if (serves('kyverno.io/')) found.push('kyverno-cluster');
  return found;
}

function ofForm(
  form: Form,
  proposals: readonly Proposal[],
  all: readonly Existing[],
  stage: Evidence['stage'],
): Pick<Written, 'files' | 'faults'> {
  const texts = proposals.map(({ rule }) => form.write(rule, stage));
  const proof = prove(form.judge(texts.join('')), proposals, all, form.nameOf);
  const files = proposals.map(({ rule }, at): WrittenFile => {
    const { holds, of } = rule.support;
    return {
      path: `${rule.id}-${form.name}.yaml`,
      text: texts[at] ?? '',
      what: `${rule.message}; holds for ${holds} of ${of}`,
      of: scopeText(rule.scope),
      judged: `${proof.objects} objects pass, its counter-example does not`,
      applied: 'object',
      refuses: stage === 'enforce',
    };
  });
  return { files, faults: proof.faults };
}

function scopeText(scope: Scope): string {
  return 'only' in scope ? scope.only.join(', ') : `all but ${scope.except.join(', ')}`;
}
