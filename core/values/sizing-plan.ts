/** What capacity is planned with: how many connections are wanted, and on which machines they may be held. */
import { z } from 'zod';
import { doubtAbout, parseQuantity, QUANTITIES, type QuantityKind } from './units.ts';

const GIB = 2 ** 30;

/** By which cost of a connection capacity is planned: the dearer of that at rest and while everybody reconnects, or the first. */
export const SIZE_BY = ['dearer', 'rest'] as const;
export type SizeBy = (typeof SIZE_BY)[number];

const InstanceType = z.object({
  name: z.string(),
  memoryBytes: z.number(),
  /** The part of its memory for the system and all that isn't the target. */
  reservedBytes: z.number(),
  /** In the plan's currency; null: not told. */
  pricePerHour: z.number().nullable(),
  /** As many there are at the least. */
  replicas: z.number().int(),
});
type InstanceType = z.infer<typeof InstanceType>;

/** As it is kept in a run's record. */
export const SizingPlan = z.object({
  /** Open at the same time, over all instances. */
  connections: z.number().int(),
  /** How many instances may be lost without a connection that finds no place. */
  spare: z.number().int(),
  /** The part of an instance's memory to be kept free; null: as the run has it. */
  headroomPercent: z.number().nullable(),
  currency: z.string(),
  instances: z.array(InstanceType),
});
export type SizingPlan = z.infer<typeof SizingPlan>;

const unpriced = (gib: number): InstanceType => ({
  name: '',
  memoryBytes: gib * GIB,
  reservedBytes: 0,
  pricePerHour: null,
  replicas: 1,
});

/** Where nothing is said: memory limits as containers have them. */
const LIMITS = [0.5, 1, 2, 4, 8, 16, 32, 64].map(unpriced);
export const DEFAULT_SIZING: SizingPlan = {
  connections: 100_000,
  spare: 0,
  headroomPercent: null,
  currency: '',
  instances: LIMITS,
};

/** As people write it: quantities with units, and most of it left out. */
const PlanFile = z
  .strictObject({
    connections: quantity('count', 1).default(DEFAULT_SIZING.connections),
    spare: z.number().int().min(0).max(1000).default(0),
    headroom: quantity('percent', 0, 99).optional(),
    currency: z.string().trim().max(12).default(''),
    instances: z
      .array(
        z.strictObject({
          name: z.string().trim().min(1).max(80),
          memory: quantity('bytes', 2 ** 20),
          reserved: quantity('bytes', 0).default(0),
          'price-per-hour': z.number().positive().optional(),
          replicas: z.number().int().min(1).max(1_000_000).default(1),
        }),
      )
      .min(1)
      .max(50)
      .optional(),
  })
  .superRefine(({ instances = [] }, context) => {
    for (const [i, { name, memory, reserved }] of instances.entries()) {
      const tell = (key: string, message: string): void =>
        context.addIssue({ code: 'custom', path: ['instances', i, key], message });
      if (reserved >= memory) tell('reserved', 'nothing of the memory is left for the target');
      if (instances.findIndex((other) => other.name === name) !== i) tell('name', `"${name}" is there twice`);
    }
  });

/**
 * Reads a plan as it was parsed from YAML.
 *
 * @returns the plan, or every problem with it in words
 */
export function readSizingPlan(value: unknown): SizingPlan | readonly string[] {
  const parsed = PlanFile.safeParse(value ?? {});
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) =>
      [...(path.length ? [path.join('.')] : []), message].join(': '),
    );
  }
  const { connections, spare, headroom, currency, instances } = parsed.data;
  return {
    connections,
    spare,
    currency,
    headroomPercent: headroom ?? null,
    instances:
      instances?.map(({ name, memory, reserved, 'price-per-hour': price, replicas }) => ({
        name,
        memoryBytes: memory,
        reservedBytes: reserved,
        replicas,
        pricePerHour: price ?? null,
      })) ?? LIMITS,
  };
}

function quantity(kind: QuantityKind, least: number, most = Number.MAX_SAFE_INTEGER) {
  const [unit] = QUANTITIES[kind].units.filter(({ factor }) => factor === 1);
  const refuse = (text: string): string =>
    `"${text}" is not a ${kind === 'bytes' ? 'size' : kind} such as ${QUANTITIES[kind].example}`;
  return z
    .union([z.string(), z.number()], `it has to be such as ${QUANTITIES[kind].example}`)
    .transform((given, context) => {
      const value = parseQuantity(kind, String(given));
      const doubt = doubtAbout(kind, String(given));
      const problem =
        value === undefined
          ? refuse(String(given))
          : doubt
            ? `"${given}" may mean ${doubt.join(' or ')}: write which`
            : value < least || value > most
              ? `${given} is not between ${least} and ${most}${unit?.suffix ? ` ${unit.suffix}` : ''}`
              : undefined;
      if (problem === undefined) return value!;
      context.addIssue({ code: 'custom', message: problem });
      return z.NEVER;
    });
}
