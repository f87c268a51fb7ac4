/** What the bar in a document says. */
import type { TranslationBundle } from '@jupyterlab/translation';

export class DocumentWords {
  constructor(private readonly trans: TranslationBundle) {}

  undecided = (name: string) =>
    this.trans.__(
      'A sync or a restore changed the same lines of %1 that you are editing. Nothing is saved until you choose.',
      name
    );
  doubled = (count: number) =>
    this.trans._n(
      'One cell was changed here and on the disk: both are kept, one after the other.',
      '%1 cells were changed here and on the disk: both of each are kept, one after the other.',
      count
    );
  deleted = (name: string) =>
    this.trans.__('%1 was deleted by a sync. It is still open here.', name);
  keptBeside = (name: string) => this.trans.__('What you wrote is kept in %1.', name);

  get compare() {
    return this.trans.__('Compare');
  }
  get keepMine() {
    return this.trans.__('Keep mine');
  }
  get keepMineTitle() {
    return this.trans.__('Save what is here; the other version stays in the history');
  }
  get takeTheirs() {
    return this.trans.__('Take theirs');
  }
  get takeTheirsTitle() {
    return this.trans.__('Show the other version here; Undo brings yours back');
  }
  get keepBoth() {
    return this.trans.__('Keep both');
  }
  get keepBothTitle() {
    return this.trans.__('Save yours beside, and show the other version here');
  }
  get saveAgain() {
    return this.trans.__('Save it again');
  }
  get dismiss() {
    return this.trans.__('Dismiss');
  }
  get open() {
    return this.trans.__('Open');
  }
  get chooseFirst() {
    return this.trans.__('Choose first which version to keep.');
  }
}
