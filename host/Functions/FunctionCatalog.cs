using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Larder.Host;

/// <summary>The application's functions, ready to run.</summary>
internal sealed class FunctionCatalog(
    IEnumerable<ITriggerExtension> extensions, IEnumerable<IInputBindingExtension> inputs, ILoggerFactory loggers)
{
    private readonly ITriggerExtension[] _extensions = [.. extensions];
    private readonly IInputBindingExtension[] _inputs = [.. inputs];

    /// <summary>The functions, in the order of their names.</summary>
    public IReadOnlyList<HostFunction> Functions { get; private set; } = [];

    /// <summary>Binds and compiles functions: once, while the host is built.</summary>
    /// <param name="functions">What was found.</param>
    /// <param name="services">All that is registered: says what can be had without a scope.</param>
    /// <param name="middleware">What every invocation passes, in its order.</param>
    /// <exception cref="SelfHostException">Some cannot be bound: one line for each.</exception>
    public void Fill(
        IReadOnlyList<HostFunction> functions,
        IServiceCollection services,
        IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware)
    {
        var errors = new FunctionErrors();
        foreach (var function in functions)
            errors.Collect(() =>
            {
                var binding = ExtensionOf(function).Bind(function);
                var execution = new FunctionExecution(binding, FunctionCompiler.Compile(function, binding, _inputs, services));
                FunctionExecutionDelegate pipeline = execution.ExecuteAsync;
                for (var i = middleware.Count - 1; i >= 0; i--)
                    pipeline = middleware[i](pipeline);
                function.Complete(binding, binding.Wrap(pipeline), loggers.CreateLogger($"Function.{function.Name}"));
            });
        errors.Throw();
        Functions = functions;
    }

    private ITriggerExtension ExtensionOf(HostFunction function)
    {
        if (_extensions.FirstOrDefault(extension => extension.AttributeType == function.Trigger.GetType()) is { } extension)
            return extension;
        var type = TriggerTypes.NameOf(function.TriggerParameter);
        throw function.Error(type == "httpTrigger"
            ? "HTTP triggers are served after a call of builder.ConfigureFunctionsWebApplication(), which is missing in Program.cs."
            : $"The binding type(s) '{type}' are not registered. Please ensure the type is correct and the binding extension is installed.");
    }
}
