const kept = new Map<object, object>();

/**
 * Keeps the last object of its class that it was given. When a collection takes the last one there is, V8 forgets the class's shape,
 * and all code that it has compiled for it. Readings make their objects anew and are followed by collections: compiling
 * took longer than reading.
 */
export function keepShapeOf(object: object): void {
  kept.set(object.constructor, object);
}
