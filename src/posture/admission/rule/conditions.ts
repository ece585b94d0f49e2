/** When a rule is asked at all. Each form writes these where its engine wants them. */
import { any, type Cel, cel } from './cel.ts';
import { type Part, type Rule, type Subject, type VariableName, variableNames } from './rule.ts';

const subresource = cel`request.?subResource.orValue("")`;

/** As `dyn`: the API server would check `template` against a Pod's type, and report it on each policy. */
const definitions: Readonly<Record<VariableName, Cel>> = {
  pod: cel`object.kind == "Pod" ? dyn(object) : object.kind == "CronJob" ? dyn(object).?spec.?jobTemplate.?spec.?template.orValue({}) : object.kind == "PodTemplate" ? dyn(object).?template.orValue({}) : dyn(object).?spec.?template.orValue({})`,
  podSpec: cel`variables.pod.?spec.orValue({})`,
  // Whoever adds a debug container is not asked about the others: an excepted pod may be debugged, too.
  containers: cel`${subresource} == "ephemeralcontainers" ? variables.podSpec.?ephemeralContainers.orValue([]) : variables.podSpec.?containers.orValue([]) + variables.podSpec.?initContainers.orValue([]) + variables.podSpec.?ephemeralContainers.orValue([])`,
  ownContainers: cel`variables.podSpec.?containers.orValue([]) + variables.podSpec.?initContainers.orValue([])`,
};

export interface Named {
  readonly name: string;
  readonly expression: Cel;
}

/** Those that the rule's expression needs, each after what it needs itself. */
export function variablesOf({ holds }: Rule): Named[] {
  const needed = new Set<string>();
  for (let open = [holds.cel]; open.length > 0; ) {
    const [, ...names] = (open.pop() ?? '').split(/\bvariables\./).map((each) => /^\w+/.exec(each)?.[0] ?? '');
    for (const name of names.filter((each) => !needed.has(each))) {
      needed.add(name);
      open.push(definitions[name as VariableName]?.cel ?? '');
    }
  }
  return variableNames.filter((name) => needed.has(name)).map((name) => ({ name, expression: definitions[name] }));
}

export function conditionsOf({ targets, reads, exceptions }: Rule): Named[] {
  const conditions: Named[] = [
    // Finalizers must be removable from what is there already.
    { name: 'not-being-deleted', expression: cel`!object.metadata.?deletionTimestamp.hasValue()` },
    // What was let in before must stay usable: scaled, rolled out, labelled, bound.
    {
      name: 'changes-what-it-reads',
      expression: any([cel`request.?operation.orValue("") != "UPDATE"`, ...reads.map(changed)]),
    },
  ];
  // Gatekeeper and Kyverno ask the rules about pods of debug containers and of resizes, too.
  if (targets.some(({ kind }) => kind === 'Pod'))
    conditions.push({
      name: 'not-another-subresource',
      expression: cel`${subresource} in ${['', ...targets.flatMap((each) => each.subresource ?? [])]}`,
    });
  const resized = targets.some((each) => each.subresource === 'resize');
  if (exceptions.length > 0)
    conditions.push({ name: 'not-excepted', expression: cel`!(${isExcepted(exceptions, resized)})` });
  return conditions;
}

function changed({ kind, path }: Part): Cel {
  const steps: Cel = { cel: path.map((each) => `.?${each}`).join('') };
  const differs = cel`dyn(object)${steps}.orValue({}) != dyn(oldObject)${steps}.orValue({})`;
  return kind === undefined ? differs : cel`object.kind == ${kind} && ${differs}`;
}

const namespace = cel`object.metadata.?namespace.orValue("")`;
const controllers = ['deployment', 'replicaset', 'statefulset', 'daemon-set', 'job', 'cronjob', 'replication'];
/** Owner references are the writer's own words: they count only from the controllers, and where nobody asks (audits). */
const byController = cel`request.?userInfo.?username.orValue("") in ${[
  '',
  'system:kube-controller-manager',
  ...controllers.map((each) => `system:serviceaccount:kube-system:${each}-controller`),
]}`;

/** An exception holds for the object of that name and for what its controllers make of it. */
function isExcepted(exceptions: readonly Subject[], resized: boolean): Cel {
  const texts = exceptions.map((each) => `${each.kind}/${each.namespace}/${each.name}`);
  const within = (kind: string): string[] =>
    exceptions.flatMap((each) => (each.kind === kind ? [`${each.namespace}/${each.name}`] : []));
  const exact = cel`object.kind + "/" + ${namespace} + "/" + object.metadata.?name.orValue("") in ${texts}`;
  const begun = cel`object.kind + "/" + ${namespace} + "/" + object.metadata.?generateName.orValue("") + "*" in ${texts}`;
  const own = exceptions.some(({ name }) => name.endsWith('*')) ? any([exact, begun]) : exact;
  const owners: Cel[] = [cel`o.kind + "/" + ${namespace} + "/" + o.name in ${texts}`];
  const [deployments, cronJobs, sets] = [within('Deployment'), within('CronJob'), within('StatefulSet')];
  if (deployments.length > 0)
    owners.push(
      cel`o.kind == "ReplicaSet" && ${deployments}.exists(e, ${namespace} + "/" + o.name == e + "-" + object.metadata.?labels[?"pod-template-hash"].orValue(""))`,
    );
  if (cronJobs.length > 0)
    owners.push(
      // A CronJob calls its Jobs after the minute that they were due in: eight digits until 2160.
      cel`o.kind == "Job" && o.name.matches("-[0-9]{8}$") && ${cronJobs}.exists(e, (${namespace} + "/" + o.name).startsWith(e + "-") && size(${namespace} + "/" + o.name) == size(e) + 9)`,
    );
  if (!exceptions.some(({ kind }) => makers.has(kind))) return own;
  // Claims have no owner: they are called after their template, their StatefulSet and its pod's number.
  const claims = sets.map((each) => {
    const [where, name] = each.split('/');
    return cel`${namespace} == ${where ?? ''} && object.metadata.?name.orValue("").matches(${`-${literal(name ?? '')}-[0-9]+$`})`;
  });
  return any([
    own,
    ...(claims.length === 0
      ? []
      : [cel`${byController} && object.kind == "PersistentVolumeClaim" && (${any(claims)})`]),
    // Whoever resizes a pod cannot change its owners, and autoscalers do it.
    cel`${resized ? cel`(${any([byController, cel`${subresource} == "resize"`])})` : byController} && object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false) && (${any(owners)}))`,
  ]);
}

/** In a regular expression. */
function literal(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9-]/gu, (each) => `[${/[\]\\^]/.test(each) ? `\\${each}` : each}]`);
}

const makers = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'ReplicationController',
]);
