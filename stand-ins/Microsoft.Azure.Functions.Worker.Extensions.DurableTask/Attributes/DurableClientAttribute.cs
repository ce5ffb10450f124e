using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Gives a function a DurableTaskClient of the application's own task hub.</summary>
public sealed class DurableClientAttribute : InputBindingAttribute
{
}
