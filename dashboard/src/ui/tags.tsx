/** A variant's dimensions; where room is short their values only, the names on hover and for screen readers. */
export function Tags({ dimensions, short = false }: { dimensions: Record<string, string>; short?: boolean }) {
  return (
    <>
      {Object.entries(dimensions).map(([name, value]) => (
        <span className="tag" key={name} title={`${name}: ${value}`}>
          <span>
            <span className={short ? "hidden-text" : undefined}>{name} </span>
            <b>{value}</b>
          </span>
        </span>
      ))}
    </>
  );
}
