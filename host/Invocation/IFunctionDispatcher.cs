namespace Larder.Host;

/// <summary>Runs functions.</summary>
internal interface IFunctionDispatcher
{
    /// <summary>
    /// Runs one invocation: middleware, bindings, the function; logs its start and end. The invocation's token is signalled by
    /// <paramref name="cancellationToken"/>, by the function time-out, and when the host stops.
    /// </summary>
    /// <returns>The invocation's result: what the function returned, or what a middleware put in its place.</returns>
    /// <exception cref="Exception">What the function or a middleware threw, already logged.</exception>
    ValueTask<object?> InvokeAsync(HostFunction function, Invocation invocation, CancellationToken cancellationToken);
}
