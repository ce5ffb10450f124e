namespace Microsoft.Azure.Functions.Worker;

/// <summary>
/// What came in does not convert to the type of a function's parameter. It passes the middleware like any exception of the function; unhandled, it is
/// an answer with status 500, as with the Functions host.
/// </summary>
public class FunctionInputConverterException : FunctionWorkerException
{
    /// <summary>With a message.</summary>
    public FunctionInputConverterException(string? message) : base(message)
    {
    }

    /// <summary>With a message and what lies behind it.</summary>
    public FunctionInputConverterException(string? message, Exception? innerException) : base(message, innerException)
    {
    }
}
