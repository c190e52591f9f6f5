import { type ReactNode, useEffect, useId, useRef, useState } from "react";

const GAP = 8;

/** The props that give an element a tooltip on hover and focus, and the tooltip to render beside it. Escape closes it. */
export function useTooltip(text: ReactNode) {
  const id = useId();
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const tooltipRef = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    const element = tooltipRef.current;
    if (anchor === null || element === null) return;
    // A popover is in the browser's top layer, where no scrolling container cuts it off.
    element.showPopover();
    const size = element.getBoundingClientRect();
    const left = Math.max(
      GAP,
      Math.min(anchor.left + anchor.width / 2 - size.width / 2, innerWidth - size.width - GAP),
    );
    const above = anchor.top - size.height - GAP;
    element.style.left = `${left}px`;
    element.style.top = `${above >= GAP ? above : anchor.bottom + GAP}px`;
    const close = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || event.key === "Escape") setAnchor(null);
    };
    document.addEventListener("keydown", close);
    document.addEventListener("scroll", close, true);
    return () => {
      document.removeEventListener("keydown", close);
      document.removeEventListener("scroll", close, true);
    };
  }, [anchor]);

  const open = (event: { currentTarget: Element }) => setAnchor(event.currentTarget.getBoundingClientRect());
  const close = () => setAnchor(null);
  return {
    props: {
      onPointerEnter: open,
      onPointerLeave: close,
      onFocus: open,
      onBlur: close,
      "aria-describedby": anchor ? id : undefined,
    },
    tooltip: anchor && (
      <span ref={tooltipRef} id={id} role="tooltip" popover="manual" className="tooltip">
        {text}
      </span>
    ),
  };
}

/** A term whose definition appears in a tooltip. */
export function Term({ children, definition }: { children: ReactNode; definition: ReactNode }) {
  const { props, tooltip } = useTooltip(definition);
  return (
    <>
      <button type="button" className="term" {...props}>
        {children}
      </button>
      {tooltip}
    </>
  );
}
