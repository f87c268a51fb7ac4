/** A bar at the top of a document that says what has happened to its file and what can be done. */
import type { DocumentWidget } from '@jupyterlab/docregistry';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

export interface Choice {
  label: string;
  title?: string;
  run: () => void;
}

const ONE_LINE = 36;

export class Bar extends Widget {
  private readonly inner = document.createElement('div');

  constructor(
    text: string,
    choices: Choice[],
    private readonly needed: boolean
  ) {
    super();
    this.addClass('jp-hubsync-bar');
    this.toggleClass('jp-mod-attention', needed);
    this.node.setAttribute('role', needed ? 'alert' : 'status');
    const words = document.createElement('span');
    words.className = 'jp-hubsync-bar-text';
    words.textContent = text;
    this.inner.className = 'jp-hubsync-bar-inner';
    this.inner.append(words, ...choices.map(button));
    this.node.append(this.inner);
  }

  /** The layout above gives a widget what its style asks for; a narrow bar has several lines. */
  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.grow();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.grow();
  }

  private grow(): void {
    requestAnimationFrame(() => {
      const wanted = `${Math.max(ONE_LINE, this.inner.offsetHeight)}px`;
      if (this.isAttached && this.node.style.minHeight !== wanted) {
        this.node.style.minHeight = wanted;
        this.parent?.fit();
      }
    });
  }

  /** Says that nothing goes on before the person has chosen. */
  insist(): void {
    if (this.needed) {
      this.removeClass('jp-mod-insisting');
      void this.node.offsetWidth; // starts the animation again
      this.addClass('jp-mod-insisting');
    }
  }
}

function button(choice: Choice): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'jp-hubsync-bar-button jp-mod-styled';
  made.textContent = choice.label;
  made.title = choice.title ?? choice.label;
  made.addEventListener('click', choice.run);
  return made;
}

/** Shows one bar at a time in each of a document's widgets. */
export class BarPlace {
  private readonly shown: Bar[] = [];

  constructor(private readonly widgets: () => Iterable<DocumentWidget>) {}

  show(text: string, choices: Choice[], needed: boolean): void {
    this.clear();
    for (const widget of this.widgets()) {
      const bar = new Bar(text, choices, needed);
      widget.contentHeader.addWidget(bar);
      widget.contentHeader.node.classList.add('jp-hubsync-has-bar');
      this.shown.push(bar);
    }
  }

  clear(): void {
    for (const bar of this.shown.splice(0)) {
      bar.parent?.node.classList.remove('jp-hubsync-has-bar');
      bar.dispose();
    }
  }

  insist(): void {
    this.shown.forEach(bar => bar.insist());
  }
}
