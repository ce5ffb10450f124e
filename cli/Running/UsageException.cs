namespace Larder.Cli.Running;

/// <summary>The command line, a setting or a file that it names is wrong; the message says what would be right.</summary>
internal sealed class UsageException(string message) : Exception(message);
