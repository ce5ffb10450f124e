using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Embedded;
using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Owns <see cref="DurableClientAttribute"/>.</summary>
internal sealed class DurableClientExtension(Lazy<EmbeddedDurableTaskClient> client) : IInputBindingExtension
{
    /// <inheritdoc/>
    public Type AttributeType => typeof(DurableClientAttribute);

    /// <inheritdoc/>
    public Expression? Bind(ParameterInfo parameter, Expression context) =>
        parameter.ParameterType == typeof(DurableTaskClient) ? Expression.Constant(client.Value, typeof(DurableTaskClient)) : null;
}
