using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Azure.Functions.Worker.Core;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The application's assemblies, as far as the host cares: those with functions, and the extensions that they use.</summary>
/// <param name="FunctionAssemblies">Those that refer to a stand-in.</param>
/// <param name="ExtensionAssemblies">The stand-ins that they refer to.</param>
internal sealed record AssemblyWalk(IReadOnlyList<Assembly> FunctionAssemblies, IReadOnlyList<Assembly> ExtensionAssemblies)
{
    private const string StandIn = "StandIn.";

    // They hold no functions, and there are hundreds of them.
    private static readonly string[] s_framework = ["System", "Microsoft", "mscorlib", "netstandard", "WindowsBase"];

    /// <summary>Follows the references from <paramref name="root"/>.</summary>
    public static AssemblyWalk From(Assembly root)
    {
        var functions = new List<Assembly>();
        var extensions = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal) { root.GetName().Name! };
        var loader = AssemblyLoadContext.GetLoadContext(root) ?? AssemblyLoadContext.Default;
        var queue = new Queue<Assembly>([root]);
        while (queue.TryDequeue(out var assembly))
        {
            var references = assembly.GetReferencedAssemblies();
            foreach (var name in references.Where(IsStandIn))
                if (!extensions.ContainsKey(name.Name!))
                    extensions.Add(name.Name!, loader.LoadFromAssemblyName(name));
            if (references.Any(IsStandIn))
                functions.Add(assembly);
            foreach (var name in references)
                if (!IsStandIn(name) && !IsFramework(name) && seen.Add(name.Name!) && TryLoad(loader, name) is { } referenced)
                    queue.Enqueue(referenced);
        }

        return new AssemblyWalk(functions, [.. extensions.Values]);
    }

    /// <summary>Runs the start-up classes of the extensions.</summary>
    public void StartExtensions(IFunctionsWorkerApplicationBuilder builder)
    {
        foreach (var extension in ExtensionAssemblies)
        foreach (var attribute in extension.GetCustomAttributes<WorkerExtensionStartupAttribute>())
            ((WorkerExtensionStartup)Activator.CreateInstance(attribute.StartupType)!).Configure(builder);
    }

    /// <summary>All classes that may hold functions.</summary>
    public IEnumerable<Type> Classes() => FunctionAssemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsClass);

    /// <summary>Whether an assembly refers to the worker at all.</summary>
    public static bool UsesWorker(Assembly assembly) => assembly.GetReferencedAssemblies().Any(IsStandIn);

    private static bool IsStandIn(AssemblyName name) => name.Name!.StartsWith(StandIn, StringComparison.Ordinal);

    private static bool IsFramework(AssemblyName name) =>
        s_framework.Any(framework => name.Name! == framework || name.Name!.StartsWith(framework + ".", StringComparison.Ordinal));

    // An assembly that was left out of the output cannot hold functions that anybody runs.
    private static Assembly? TryLoad(AssemblyLoadContext loader, AssemblyName name)
    {
        try
        {
            return loader.LoadFromAssemblyName(name);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
