#!/bin/sh
# Sees to it that there is a Rust, and says which: before-all of every lane. HOTKERNELS_RUST is the one to install.
set -eu

if ! command -v cargo >/dev/null; then
  if [ "$(uname -s)" != Linux ]; then
    echo "no cargo on PATH; do: install rustup, then: rustup toolchain install $HOTKERNELS_RUST" >&2
    exit 1
  fi
  from=https://static.rust-lang.org/rustup/dist/$(uname -m)-unknown-linux-gnu
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  for file in rustup-init rustup-init.sha256; do
    curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --output "$work/$file" "$from/$file"
  done
  published=$(cut -c 1-64 "$work/rustup-init.sha256")
  found=$(sha256sum "$work/rustup-init" | cut -c 1-64)
  if [ "$found" != "$published" ]; then
    printf 'rustup-init is not what was published\n  expected: %s\n  found: %s\n' "$published" "$found" >&2
    exit 1
  fi
  chmod +x "$work/rustup-init"
  "$work/rustup-init" -y --quiet --no-modify-path --profile minimal --default-toolchain "$HOTKERNELS_RUST"
  # Onto a PATH that no setting has to change.
  ln -s "${CARGO_HOME:-$HOME/.cargo}"/bin/* "${HOTKERNELS_BIN:-/usr/local/bin}"
fi
rustc --version
