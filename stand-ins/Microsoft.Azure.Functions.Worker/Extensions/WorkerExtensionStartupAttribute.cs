namespace Microsoft.Azure.Functions.Worker.Core;

/// <summary>Names an extension assembly's start-up class, so that the host finds it.</summary>
/// <param name="startupType">A concrete <see cref="WorkerExtensionStartup"/> with a parameterless constructor.</param>
[AttributeUsage(AttributeTargets.Assembly, Inherited = false, AllowMultiple = true)]
public class WorkerExtensionStartupAttribute(Type startupType) : Attribute
{
    /// <summary>The start-up class.</summary>
    public Type StartupType { get; } = startupType;
}
