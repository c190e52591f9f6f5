/** The path prefix below which armful is served (`ARMFUL_ROOT_PATH`), which it writes into index.html. */
export const rootPath: string = document.querySelector<HTMLMetaElement>('meta[name="root-path"]')?.content ?? "";
