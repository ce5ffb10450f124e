namespace Larder.Functions;

/// <summary>A request that HTTP itself has a status for, such as 415, 416 or 503.</summary>
/// <param name="status">HTTP status code.</param>
/// <param name="message">A sentence for the caller.</param>
internal sealed class RefusedException(int status, string message) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Status => status;
}
