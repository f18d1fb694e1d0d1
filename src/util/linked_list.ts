/** One place in a list: keep it to take the value out again, wherever it stands by then. */
export interface Link<T> {
  readonly value: T;
  next: Link<T> | undefined;
  previous: Link<T> | undefined;
}

/** A first-in, first-out list from whose middle a value can leave at once. The owner bounds it. */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;

  get first(): Link<T> | undefined {
    return this.#first;
  }

  push(value: T): Link<T> {
    const link: Link<T> = { value, next: undefined, previous: undefined };
    this.append(link);
    return link;
  }

  /** Puts a link that is in no list at the end. */
  append(link: Link<T>): void {
    link.previous = this.#last;
    if (this.#last) this.#last.next = link;
    else this.#first = link;
    this.#last = link;
  }

  /** Takes a link out, which must be in this list. */
  remove(link: Link<T>): void {
    if (link.previous) link.previous.next = link.next;
    else this.#first = link.next;
    if (link.next) link.next.previous = link.previous;
    else this.#last = link.previous;
    link.next = undefined;
    link.previous = undefined;
  }
}
