namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>What every invocation of one host shares.</summary>
/// <param name="services">The application's services outside any scope.</param>
internal sealed class FunctionHost(IServiceProvider services)
{
    public IServiceProvider Services { get; } = services;
}
