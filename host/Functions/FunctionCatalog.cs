using System.Reflection;
using Larder.Host.Invocation;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Functions;

/// <summary>The application's functions, ready to run.</summary>
internal sealed class FunctionCatalog(
    IEnumerable<ITriggerExtension> triggers, IEnumerable<IInputBindingExtension> inputs, IConfiguration settings, ILoggerFactory loggers)
{
    private readonly Dictionary<Type, ITriggerExtension> _triggers = triggers.ToDictionary(extension => extension.AttributeType);
    private readonly Dictionary<Type, IInputBindingExtension> _inputs = inputs.ToDictionary(extension => extension.AttributeType);

    /// <summary>The functions that run, in the order of their names.</summary>
    public IReadOnlyList<HostFunction> Functions { get; private set; } = [];

    /// <summary>The names of those that a setting disables: they are not routed, and nothing listens for them.</summary>
    public IReadOnlyList<string> Disabled { get; private set; } = [];

    /// <summary>Binds and compiles functions: once, while the host is built.</summary>
    /// <param name="functions">What was found.</param>
    /// <param name="middleware">What every invocation passes, in its order.</param>
    /// <param name="errors">Gets a sentence for each function that cannot be bound, which is left out.</param>
    public void Fill(
        IReadOnlyList<HostFunction> functions, IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware, FunctionErrors errors)
    {
        var ready = new List<HostFunction>();
        var disabled = functions.Select(function => function.Name).Where(IsDisabled).ToList();
        foreach (var function in functions.Where(function => !disabled.Contains(function.Name)))
            errors.Collect(() =>
            {
                var binding = Bind(function);
                var execution = new FunctionExecution(binding, FunctionCompiler.Compile(function, binding, _inputs));
                FunctionExecutionDelegate pipeline = execution.ExecuteAsync;
                for (var i = middleware.Count - 1; i >= 0; i--)
                    pipeline = middleware[i](pipeline);
                function.Complete(binding, binding.Wrap(pipeline), loggers.CreateLogger($"Function.{function.Name}"));
                ready.Add(function);
            });
        (Functions, Disabled) = (ready, disabled);
    }

    private ITriggerBinding Bind(HostFunction function)
    {
        if (!_triggers.TryGetValue(function.Trigger.GetType(), out var extension))
            throw NotSupported(function, function.Trigger);
        foreach (var binding in UsedBindings.NotSupportedOn(function.Method))
            throw NotSupported(function, binding);
        foreach (var input in function.Method.GetParameters().Select(parameter => parameter.GetCustomAttribute<InputBindingAttribute>()).OfType<InputBindingAttribute>())
            if (!_inputs.ContainsKey(input.GetType()))
                throw NotSupported(function, input);
        return extension.Bind(function);
    }

    private SelfHostException NotSupported(HostFunction function, Attribute binding) => function.Error(
        $"its binding '{UsedBindings.TypeName(binding)}' is not supported by the self-host, which has " +
        $"{string.Join(", ", _triggers.Keys.Concat(_inputs.Keys).Select(UsedBindings.TypeName).Order(StringComparer.Ordinal))}. Run the app with Core Tools (func start).");

    // As the Functions host reads it: AzureWebJobs.NAME.Disabled, or with __ or : in place of the dots.
    private bool IsDisabled(string name)
    {
        var value = settings[$"AzureWebJobs.{name}.Disabled"] ?? settings[$"AzureWebJobs:{name}:Disabled"];
        return value is "1" || (bool.TryParse(value, out var disabled) && disabled);
    }
}

/// <summary>The binding attributes of a function's method, its parameters and what it returns.</summary>
internal static class UsedBindings
{
    private const string Suffix = "Attribute";

    /// <summary>The trigger attribute of a parameter; null when it has none.</summary>
    public static TriggerBindingAttribute? TriggerOf(ParameterInfo parameter) => parameter.GetCustomAttribute<TriggerBindingAttribute>();

    /// <summary>The attributes of a method that change what happens around its invocation and that the self-host has not: output bindings, and retries by the host.</summary>
    public static IEnumerable<Attribute> NotSupportedOn(MethodInfo method) =>
    [
        .. method.GetCustomAttributes<OutputBindingAttribute>(),
        .. method.GetCustomAttributes<RetryAttribute>(),
        .. Returned(method.ReturnType).GetProperties().SelectMany(property => property.GetCustomAttributes<OutputBindingAttribute>()),
    ];

    /// <summary>The name of a binding's type, as function.json has it: the attribute's class name in camel case, without "Attribute".</summary>
    public static string TypeName(Attribute binding) => TypeName(binding.GetType());

    /// <inheritdoc cref="TypeName(Attribute)"/>
    public static string TypeName(Type binding)
    {
        var name = binding.Name;
        if (name.EndsWith(Suffix, StringComparison.Ordinal))
            name = name[..^Suffix.Length];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static Type Returned(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? type.GetGenericArguments()[0]
            : type;
}
