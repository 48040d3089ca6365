import type { OpeningPlan } from '../../core/opening/plan.ts';
import type { Template } from '../../core/opening/template.ts';
import { type OpeningDeps, withOpening } from '../opening/opened-protocol.ts';
import { loadOwnModule } from '../opening/own/own-module.ts';
import { createProtocol, type ProtocolOptions } from '../protocols/index.ts';
import type { MessageProtocol, Protocol, ProtocolEvents, Slot } from '../protocols/protocol.ts';
import type { Holder } from './holder.ts';

/**
 * The protocol of a worker's connections, with what is said on them first.
 *
 * @throws RigError ECONFIG when a module of the user's isn't an opening; that was tried before anything started
 * @throws TypeError when there is an opening, and the protocol has no messages or connections can't be told apart; whoever
 *   read the plan has refused it before
 */
export async function makeProtocol(
  options: ProtocolOptions,
  opening: OpeningPlan | undefined,
  holder: Holder,
  now: () => number,
  onStep?: OpeningDeps['onStep'],
): Promise<Protocol> {
  const { slotCount: slots, identities } = holder;
  const fill = identities && ((slot: Slot, template: Template) => identities.fill(slot, template));
  if (opening === undefined) return createProtocol(options, slots, holder, fill);
  if (identities === undefined) throw new TypeError('an opening, and nothing that fills its holes');
  const make = (events: ProtocolEvents): MessageProtocol => {
    const protocol = createProtocol(options, slots, events, fill);
    if (!('message' in protocol)) throw new TypeError(`${protocol.name} has no messages for an opening`);
    return protocol as MessageProtocol;
  };
  const own = opening.module === undefined ? undefined : await loadOwnModule(opening.module);
  const { hostHeader, words } = options;
  return withOpening(opening, make, {
    slots,
    identities,
    hostHeader,
    headers: words?.headers,
    own,
    now,
    events: holder,
    onStep,
  });
}
