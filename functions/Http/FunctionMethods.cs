using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Http;

/// <summary>A method that is a function.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Declaration">The method, whose attributes say the rest.</param>
/// <param name="Trigger">Its HTTP trigger; null when it has another.</param>
internal sealed record FunctionMethod(string Name, MethodInfo Declaration, HttpTriggerAttribute? Trigger);

/// <summary>Finds functions by their declarations.</summary>
internal static class FunctionMethods
{
    private const BindingFlags Methods = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // They hold no functions, and there are hundreds of them.
    private static readonly string[] Frameworks = ["System", "Microsoft", "Azure", "StandIn", "mscorlib", "netstandard", "WindowsBase"];

    private static readonly Lazy<IReadOnlyList<FunctionMethod>> Found = new(() => Of(Assemblies(typeof(FunctionMethods).Assembly).SelectMany(assembly => assembly.GetTypes())));

    /// <summary>The functions of this app, and of the libraries that it refers to. To find them takes a part of the start.</summary>
    public static IReadOnlyList<FunctionMethod> OfThisApp => Found.Value;

    /// <summary>The functions of some classes. Closures and accessors, of which there are far more, are passed over by their names.</summary>
    public static IReadOnlyList<FunctionMethod> Of(IEnumerable<Type> classes) =>
    [
        .. from type in classes
           where type is { IsClass: true, Name: not ['<', ..] }
           from method in type.GetMethods(Methods)
           where !method.IsSpecialName
           let function = method.GetCustomAttribute<FunctionAttribute>(inherit: false)
           where function is not null
           select new FunctionMethod(function.Name, method, TriggerOf(method)),
    ];

    /// <summary>The HTTP trigger of a function; null when it has another.</summary>
    public static HttpTriggerAttribute? TriggerOf(MethodInfo method) =>
        method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(trigger => trigger is not null);

    // Only assemblies that refer to the triggers can declare any.
    private static IEnumerable<Assembly> Assemblies(Assembly root)
    {
        var triggers = typeof(HttpTriggerAttribute).Assembly.GetName().Name;
        var loader = AssemblyLoadContext.GetLoadContext(root) ?? AssemblyLoadContext.Default;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var queue = new Queue<Assembly>([root]);
        while (queue.TryDequeue(out var assembly))
        {
            var references = assembly.GetReferencedAssemblies();
            if (references.Any(name => name.Name == triggers))
                yield return assembly;
            foreach (var name in references.Where(name => !Frameworks.Contains(name.Name!.Split('.')[0]) && seen.Add(name.Name!)))
                if (TryLoad(loader, name) is { } referenced)
                    queue.Enqueue(referenced);
        }
    }

    // An assembly that is not in the output cannot hold functions that run.
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
