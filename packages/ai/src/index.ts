// The public surface of @semel/ai, on one page.
export {};
