import type { PointOfOperation } from './points.ts';

/**
 * So many of the points of each operation and plane, spread evenly over its course. Another `turn` chooses others: in
 * time all have had theirs.
 */
export function choosePoints(
  points: readonly PointOfOperation[],
  each: number,
  turn: number,
): readonly PointOfOperation[] {
  const groups = Map.groupBy(points, ({ operation, plane }) => `${operation} ${plane}`);
  return [...groups.values()].flatMap((group) => {
    const stride = Math.max(1, Math.ceil(group.length / each));
    return group.filter((_, at) => at % stride === turn % stride);
  });
}
