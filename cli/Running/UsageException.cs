namespace Larder.Cli.Running;

/// <summary>A command that cannot do what was typed; the message says what would be right.</summary>
/// <param name="message">The sentence.</param>
/// <param name="exitCode">How the command ends: unless said otherwise, the command line, a setting or a file that it names is wrong.</param>
internal sealed class UsageException(string message, int exitCode = ExitCodes.Usage) : Exception(message)
{
    public int ExitCode => exitCode;
}
