/**
 * One line of text being edited; `cursor` is in code points, from 0 to the text's length. `offered`: a suggestion,
 * which the first typed character replaces.
 */
export type TextField = { readonly text: string; readonly cursor: number; readonly offered?: true };

/** What a key does to a text field. */
export type TextEdit =
  | { readonly type: 'insert'; readonly text: string }
  | { readonly type: 'backspace' | 'delete' | 'left' | 'right' | 'home' | 'end' | 'delete-word' | 'clear' };

/** A field with `text`, the cursor at its end. */
export function textField(text = ''): TextField {
  return { text, cursor: [...text].length };
}

/** A field with a suggested text, to accept or type over. */
export function offeredField(text: string): TextField {
  return { ...textField(text), offered: true };
}

/** The field after one edit. Line breaks and control characters of pasted text become spaces. */
export function edit(before: TextField, change: TextEdit): TextField {
  const { offered, ...field } = before;
  if (offered === true && change.type === 'insert') return edit(textField(), change);
  const points = [...field.text];
  const { cursor } = field;
  switch (change.type) {
    case 'insert': {
      const added = [...change.text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')];
      return { text: points.toSpliced(cursor, 0, ...added).join(''), cursor: cursor + added.length };
    }
    case 'backspace':
      return cursor === 0 ? field : { text: points.toSpliced(cursor - 1, 1).join(''), cursor: cursor - 1 };
    case 'delete':
      return cursor === points.length ? field : { text: points.toSpliced(cursor, 1).join(''), cursor };
    case 'left':
      return { ...field, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { ...field, cursor: Math.min(points.length, cursor + 1) };
    case 'home':
      return { ...field, cursor: 0 };
    case 'end':
      return { ...field, cursor: points.length };
    case 'delete-word': {
      const before = points.slice(0, cursor).join('');
      const kept = [...before.replace(/\S*\s*$/u, '')].length;
      return { text: points.toSpliced(kept, cursor - kept).join(''), cursor: kept };
    }
    case 'clear':
      return textField();
  }
}
