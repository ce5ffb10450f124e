using System.Reflection;
using System.Runtime.Loader;

namespace Larder.Host.Functions;

/// <summary>The application's assemblies that may hold functions: those that refer to the Functions worker.</summary>
internal static class AssemblyWalk
{
    private static readonly string Worker = typeof(FunctionAttribute).Assembly.GetName().Name!;

    // They hold no functions, and there are hundreds of them.
    private static readonly string[] Frameworks = ["System", "Microsoft", "Azure", "mscorlib", "netstandard", "WindowsBase"];

    /// <summary>All classes of those assemblies, found by following the references from <paramref name="root"/>.</summary>
    public static IEnumerable<Type> Classes(Assembly root)
    {
        // An application that refers to the self-host does not mean the application that the self-host is for.
        var seen = new HashSet<string>(StringComparer.Ordinal) { root.GetName().Name!, typeof(AssemblyWalk).Assembly.GetName().Name! };
        var loader = AssemblyLoadContext.GetLoadContext(root) ?? AssemblyLoadContext.Default;
        var queue = new Queue<Assembly>([root]);
        while (queue.TryDequeue(out var assembly))
        {
            var references = assembly.GetReferencedAssemblies();
            if (references.Any(name => name.Name == Worker))
            {
                foreach (var type in assembly.GetTypes().Where(type => type.IsClass && !IsGenerated(type)))
                    yield return type;
            }

            foreach (var name in references)
            {
                if (!IsFramework(name) && seen.Add(name.Name!) && TryLoad(loader, name) is { } referenced)
                    queue.Enqueue(referenced);
            }
        }
    }

    // Closures and state machines, of which there are more than classes; no name of the language begins so.
    private static bool IsGenerated(Type type) => type.Name[0] == '<';

    private static bool IsFramework(AssemblyName name) =>
        Frameworks.Any(framework => name.Name! == framework || name.Name!.StartsWith(framework + ".", StringComparison.Ordinal));

    // An assembly that was left out of the output cannot hold functions that run here.
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
