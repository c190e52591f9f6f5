/** A variant's dimensions as tags. `short` shows only the values; the names appear on hover and to screen readers. */
export function DimensionTags({ dimensions, short = false }: { dimensions: Record<string, string>; short?: boolean }) {
  return (
    <>
      {Object.entries(dimensions).map(([name, value]) => (
        <span className="tag" key={name} title={`${name}: ${value}`}>
          <span>
            <span className={short ? "visually-hidden" : undefined}>{name} </span>
            <b>{value}</b>
          </span>
        </span>
      ))}
    </>
  );
}
