/** The rules for passwords that can be told beforehand; the server has the last word. */
export const PASSWORD_HINT =
  '8 to 256 characters. A few words in a row are easy to remember and hard to guess.';
