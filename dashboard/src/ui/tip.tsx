import { type ReactNode, useEffect, useId, useRef, useState } from "react";

const GAP = 8;

/** What makes an element show a few more words while it is pointed at or focused; Escape puts them away. */
export function useTip(text: ReactNode) {
  const id = useId();
  const [at, setAt] = useState<DOMRect | null>(null);
  const tip = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    const element = tip.current;
    if (at === null || element === null) return;
    // In the top layer, so that no table's edge cuts it off.
    element.showPopover();
    const size = element.getBoundingClientRect();
    const left = Math.max(GAP, Math.min(at.left + at.width / 2 - size.width / 2, innerWidth - size.width - GAP));
    const above = at.top - size.height - GAP;
    element.style.left = `${left}px`;
    element.style.top = `${above >= GAP ? above : at.bottom + GAP}px`;
    const close = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || event.key === "Escape") setAt(null);
    };
    document.addEventListener("keydown", close);
    document.addEventListener("scroll", close, true);
    return () => {
      document.removeEventListener("keydown", close);
      document.removeEventListener("scroll", close, true);
    };
  }, [at]);

  const open = (event: { currentTarget: Element }) => setAt(event.currentTarget.getBoundingClientRect());
  const close = () => setAt(null);
  return {
    props: {
      onPointerEnter: open,
      onPointerLeave: close,
      onFocus: open,
      onBlur: close,
      "aria-describedby": at ? id : undefined,
    },
    tip: at && (
      <span ref={tip} id={id} role="tooltip" popover="manual" className="tip">
        {text}
      </span>
    ),
  };
}

/** Plain words, with the exact term behind them. */
export function Term({ children, exact }: { children: ReactNode; exact: ReactNode }) {
  const { props, tip } = useTip(exact);
  return (
    <>
      <button type="button" className="term" {...props}>
        {children}
      </button>
      {tip}
    </>
  );
}
