/** What `password.js` says, in every language. */
export default {
  en: {
    "password.title": "Choose a new password",
    "password.why": "The one you have was given to you for once.",
    "password.new": "New password",
    "password.again": "The same again",
    "password.change": "Change it and sign in",
    "password.cancel": "Not now",
    "password.differ": "The two differ.",
    "password.old": "It is the old one.",
    "password.length": "A password has 8 to 1,024 bytes.",
    "password.refused": "This one cannot be taken. Choose another.",
  },
  ja: {
    "password.title": "新しいパスワードを決めてください",
    "password.why": "いまのパスワードは一度だけ使うためのものです。",
    "password.new": "新しいパスワード",
    "password.again": "もう一度入力",
    "password.change": "変更してサインイン",
    "password.cancel": "あとで",
    "password.differ": "ふたつの入力が一致しません。",
    "password.old": "いまのパスワードと同じです。",
    "password.length": "パスワードは 8 バイト以上、1,024 バイト以下です。",
    "password.refused": "このパスワードは使えません。別のものにしてください。",
  },
};
