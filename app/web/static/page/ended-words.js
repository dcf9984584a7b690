/** What is said to whom an operator has ended the access of, in every language. */
export default {
  en: {
    "access-ended":
      "Your access was ended. Sign in again: what you typed is kept. If you cannot, ask whoever runs this broker.",
  },
  ja: {
    "access-ended":
      "アクセスが取り消されました。もう一度サインインしてください。入力した内容は残っています。できない場合は、ブローカーの管理者に問い合わせてください。",
  },
};
