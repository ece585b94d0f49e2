/** What stands above each policy, and what it is called. */
import { type Rule, subjectText } from '../rule/rule.ts';

export function nameOf({ id }: Rule): string {
  return `kguardian-${id}`;
}

export function headOf({ message, support, exceptions, widening }: Rule): string[] {
  const few = exceptions.slice(0, 10).map(subjectText);
  const more = exceptions.length - few.length;
  return [
    message,
    `holds for ${support.holds} of ${support.of} objects`,
    ...(few.length === 0 ? [] : [`exceptions: ${few.join(', ')}${more > 0 ? ` and ${more} more` : ''}`]),
    ...(widening === null ? [] : [`lets through besides: ${widening}`]),
  ];
}
