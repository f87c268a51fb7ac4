/** One part of the panel that can be folded; `details` is reached and opened by keyboard. */
import React, { useEffect, useRef, useState } from 'react';
import type { PanelState, Part } from './state';

export function Section(props: {
  title: string;
  part?: Part;
  panel?: PanelState;
  open?: boolean;
  count?: number;
  children: () => React.ReactNode;
}): JSX.Element {
  const [open, setOpen] = useState(props.open ?? true);
  const node = useRef<HTMLDetailsElement>(null);
  const { panel, part } = props;
  useEffect(() => {
    const show = () => {
      if (panel?.take(part)) {
        setOpen(true);
        // What was clicked on, such as the palette, is out of the way by then.
        requestAnimationFrame(() => {
          node.current?.scrollIntoView({ block: 'start' });
          node.current?.querySelector('summary')?.focus();
        });
      }
    };
    show(); // it may have been asked for before it was there
    panel?.revealed.connect(show);
    return () => void panel?.revealed.disconnect(show);
  }, [panel, part]);
  return (
    <details
      ref={node}
      className="jp-hubsync-section"
      data-part={part}
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {props.title}
        {props.count ? <span className="jp-hubsync-count">{props.count}</span> : null}
      </summary>
      {open && <div className="jp-hubsync-body">{props.children()}</div>}
    </details>
  );
}
