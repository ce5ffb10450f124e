namespace Larder.Host;

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
