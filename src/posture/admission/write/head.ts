/** What stands above each policy, and what it is called. */
import { firstOf } from '#baseline/evidence.ts';
import { exceptionText, type Rule } from '../rule/rule.ts';

export function nameOf({ id }: Rule): string {
  return `kguardian-${id}`;
}

export function headOf({ message, support, exceptions, widening }: Rule): string[] {
  return [
    message,
    `holds for ${support.holds} of ${support.of} objects`,
    ...(exceptions.length === 0 ? [] : [`exceptions: ${firstOf(exceptions.map(exceptionText))}`]),
    ...(widening === null ? [] : [`lets through besides: ${widening}`]),
  ];
}
