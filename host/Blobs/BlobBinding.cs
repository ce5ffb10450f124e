using System.Linq.Expressions;
using System.Reflection;
using Larder.Host.Functions;
using Larder.Host.Invocation;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Larder.Host.Blobs;

/// <summary>Gives a blob's function its blob, and the parts of the blob's path to parameters of their names.</summary>
/// <param name="function">The function.</param>
/// <param name="path">Its path.</param>
/// <param name="createListener">Makes what finds its blobs; null when Event Grid is to tell of them, which never reaches this host.</param>
internal sealed class BlobBinding(
    HostFunction function, BlobPathPattern path, Func<FunctionDispatcher, IFunctionListener>? createListener) : ITriggerBinding
{
    /// <summary>The binding data's name of the container and blob.</summary>
    public const string PathName = "BlobTrigger";

    /// <summary>The binding data's name of the blob's address.</summary>
    public const string UriName = "Uri";

    /// <inheritdoc/>
    public string Type => "blobTrigger";

    /// <inheritdoc/>
    public string Describe(string baseAddress) => createListener is null ? $"{Type} (waits for Event Grid, which does not reach the self-host)" : Type;

    /// <inheritdoc/>
    public Expression? BindParameter(ParameterInfo parameter, Expression context)
    {
        var data = Expression.Convert(
            Expression.Property(context, nameof(HostFunctionContext.TriggerData)), typeof(BlobTriggerData));
        if (parameter.Name == function.TriggerParameter.Name)
        {
            return BlobContent.Types.Contains(parameter.ParameterType)
                ? Expression.Convert(Expression.Property(data, nameof(BlobTriggerData.Content)), parameter.ParameterType)
                : null;
        }

        // A binding of another kind is not a part of the path that happens to have its name.
        if (parameter.GetCustomAttribute<BindingAttribute>() is not null
            || !path.Parameters.Append(PathName).Append(UriName).Contains(parameter.Name, StringComparer.OrdinalIgnoreCase)
            || PathValue.GetParser(parameter.ParameterType) is not { } parse)
        {
            return null;
        }

        return Expression.Call(
            parse, Expression.Property(data, nameof(BlobTriggerData.BindingData)), Expression.Constant(parameter.Name));
    }

    /// <inheritdoc/>
    public IFunctionListener? CreateListener(FunctionDispatcher dispatcher) => createListener?.Invoke(dispatcher);
}

/// <summary>What a blob's invocation binds its parameters from.</summary>
/// <param name="Content">The trigger parameter's value.</param>
/// <param name="BindingData">The others', as text.</param>
internal sealed record BlobTriggerData(object Content, IReadOnlyDictionary<string, object?> BindingData);
