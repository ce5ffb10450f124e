namespace Microsoft.Azure.Functions.Worker.Core;

/// <summary>What an extension does when an application that references it is built.</summary>
public abstract class WorkerExtensionStartup
{
    /// <summary>Registers the extension's services and middleware.</summary>
    public abstract void Configure(IFunctionsWorkerApplicationBuilder applicationBuilder);
}
