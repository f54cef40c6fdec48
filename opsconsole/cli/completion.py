"""`completion`: what a shell needs to complete opsconsole's commands and options."""

from __future__ import annotations

import click

from opsconsole.cli.root import shared_options

SHELLS = ("bash", "zsh", "fish")


@click.command()
@shared_options
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the shell's completion.

    bash: put `eval "$(opsconsole completion bash)"` into ~/.bashrc (bash 4.4 or newer); zsh: the same into ~/.zshrc;
    fish: `opsconsole completion fish > ~/.config/fish/completions/opsconsole.fish`.
    """
    from click.shell_completion import get_completion_class

    root = ctx.find_root().command
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}")
    maker = made(root, {}, "opsconsole", "_OPSCONSOLE_COMPLETE")
    # Not `source()`: for bash that starts one to ask its version, and fails where there is none.
    click.echo(maker.source_template % maker.source_vars())
