namespace Larder.Host.Functions;

/// <summary>The application cannot start. The message is all that a user gets to see: a sentence that says what is wrong and what to do.</summary>
internal sealed class SelfHostException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The exit code of the process.</summary>
    public int ExitCode { get; init; } = 1;
}

/// <summary>Collects what is wrong with functions, so that one start shows all of it.</summary>
internal sealed class FunctionErrors
{
    private readonly List<string> _sentences = [];

    /// <summary>Does something for one function, and notes its error.</summary>
    public void Collect(Action action)
    {
        try
        {
            action();
        }
        catch (SelfHostException exception)
        {
            _sentences.Add(exception.Message);
        }
    }

    /// <summary>Throws all errors as one, a line each, when there are any.</summary>
    public void Throw()
    {
        if (_sentences.Count > 0)
            throw new SelfHostException(string.Join(Environment.NewLine, _sentences));
    }
}
