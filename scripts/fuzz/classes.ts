/** A kind of disagreement that is known: what it is, who is right, and why it stays. Each has a row in docs/protocols.md. */
export interface Disagreement<Finding, Case> {
  readonly name: string;
  /** Whether two findings, the first ones that differ, are of this kind; undefined: one reader found nothing more. */
  matches(ours: Finding | undefined, theirs: Finding | undefined, at: Case): boolean;
}

/** What comes of many inputs that two readers were given. */
export interface FuzzResult {
  readonly seed: number;
  readonly inputs: number;
  /** Those of them in which something was mutated. */
  readonly mutated: number;
  readonly agreed: number;
  /** How often each class of disagreement came. */
  readonly classes: Readonly<Record<string, number>>;
  /** Disagreements outside of all classes, the first few in words: empty when all is well. */
  readonly outside: readonly string[];
}

const MOST_TOLD = 20;

/** Counts what two readers make of inputs. */
export class ClassTally {
  readonly #seed: number;
  readonly #classes: Record<string, number>;
  readonly #outside: string[] = [];
  #inputs = 0;
  #mutated = 0;
  #agreed = 0;

  constructor(seed: number, names: readonly string[]) {
    this.#seed = seed;
    this.#classes = Object.fromEntries(names.map((name) => [name, 0]));
  }

  get mutated(): number {
    return this.#mutated;
  }

  count(isMutated: boolean): void {
    this.#inputs++;
    if (isMutated) this.#mutated++;
  }
  agree(): void {
    this.#agreed++;
  }
  /** @param name of its class; undefined when it is of none @param told for people */
  disagree(name: string | undefined, told: () => string): void {
    if (name !== undefined) this.#classes[name] = this.#classes[name]! + 1;
    else if (this.#outside.length < MOST_TOLD) this.#outside.push(`input ${this.#inputs}: ${told()}`);
  }

  result(): FuzzResult {
    return {
      seed: this.#seed,
      inputs: this.#inputs,
      mutated: this.#mutated,
      agreed: this.#agreed,
      classes: this.#classes,
      outside: this.#outside,
    };
  }
}
