using System.Reflection;
using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>The C functions of libvips, and of the GLib inside it, that this stand-in calls.</summary>
internal static partial class Libvips
{
    private const string Name = "libvips";

    /// <summary>Finds the library beside the assemblies: its file name carries libvips' version, so it is looked for, not spelled out.</summary>
    internal static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Name)
        {
            return 0;
        }

        var file = Directory.EnumerateFiles(AppContext.BaseDirectory, "libvips-cpp.*").FirstOrDefault()
            ?? throw new DllNotFoundException(
                $"Images cannot be read on {RuntimeInformation.RuntimeIdentifier}: libvips is not beside the program. "
                + "npm's @img/sharp-libvips packages bring it for Linux (glibc) and macOS, x64 and arm64.");
        return NativeLibrary.Load(file);
    }

    // libvips itself

    [LibraryImport(Name, EntryPoint = "vips_init", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Init(string program);

    [LibraryImport(Name, EntryPoint = "vips_block_untrusted_set")]
    internal static partial void SetBlockUntrusted(int state);

    [LibraryImport(Name, EntryPoint = "vips_concurrency_get")]
    internal static partial int GetConcurrency();

    [LibraryImport(Name, EntryPoint = "vips_concurrency_set")]
    internal static partial void SetConcurrency(int threads);

    [LibraryImport(Name, EntryPoint = "vips_cache_get_max")]
    internal static partial int GetCacheMax();

    [LibraryImport(Name, EntryPoint = "vips_cache_set_max")]
    internal static partial void SetCacheMax(int operations);

    [LibraryImport(Name, EntryPoint = "vips_error_buffer_copy")]
    internal static partial nint CopyErrorBuffer();

    [LibraryImport(Name, EntryPoint = "vips_error_clear")]
    internal static partial void ClearErrors();

    [LibraryImport(Name, EntryPoint = "vips_tracked_get_mem")]
    internal static partial nuint GetTrackedMemory();

    [LibraryImport(Name, EntryPoint = "vips_tracked_get_mem_highwater")]
    internal static partial nuint GetTrackedMemoryHighWater();

    // operations

    [LibraryImport(Name, EntryPoint = "vips_operation_new", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint NewOperation(string name);

    [LibraryImport(Name, EntryPoint = "vips_cache_operation_build")]
    internal static partial nint BuildOperation(VipsObject operation);

    [LibraryImport(Name, EntryPoint = "vips_object_unref_outputs")]
    internal static partial void UnrefOutputs(VipsObject operation);

    [LibraryImport(Name, EntryPoint = "vips_object_get_argument", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int GetArgument(VipsObject operation, string name, out nint specification, out nint argumentClass, out nint argumentInstance);

    [LibraryImport(Name, EntryPoint = "vips_object_set_from_string", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetFromString(VipsObject operation, string options);

    [LibraryImport(Name, EntryPoint = "vips_foreign_find_load_buffer")]
    internal static partial nint FindLoadBuffer(ref readonly byte data, nuint size);

    [LibraryImport(Name, EntryPoint = "vips_foreign_find_save_buffer", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint FindSaveBuffer(string suffix);

    // images

    [LibraryImport(Name, EntryPoint = "vips_image_get_width")]
    internal static partial int GetWidth(Image image);

    [LibraryImport(Name, EntryPoint = "vips_image_get_height")]
    internal static partial int GetHeight(Image image);

    [LibraryImport(Name, EntryPoint = "vips_image_get_bands")]
    internal static partial int GetBands(Image image);

    [LibraryImport(Name, EntryPoint = "vips_image_get_format")]
    internal static partial int GetFormat(Image image);

    [LibraryImport(Name, EntryPoint = "vips_image_get_interpretation")]
    internal static partial int GetInterpretation(Image image);

    [LibraryImport(Name, EntryPoint = "vips_image_hasalpha")]
    internal static partial int HasAlpha(Image image);

    [LibraryImport(Name, EntryPoint = "vips_image_get_typeof", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nuint GetTypeOf(Image image, string field);

    [LibraryImport(Name, EntryPoint = "vips_image_get", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int GetField(Image image, string field, out GValue value);

    [LibraryImport(Name, EntryPoint = "vips_image_write_to_memory")]
    internal static partial nint WriteToMemory(Image image, out nuint size);

    [LibraryImport(Name, EntryPoint = "vips_image_new_from_memory_copy")]
    internal static partial nint NewFromMemoryCopy(ref readonly byte data, nuint size, int width, int height, int bands, int format);

    // boxed values

    [LibraryImport(Name, EntryPoint = "vips_blob_copy")]
    internal static partial nint CopyBlob(ref readonly byte data, nuint size);

    [LibraryImport(Name, EntryPoint = "vips_area_unref")]
    internal static partial void UnrefArea(nint area);

    [LibraryImport(Name, EntryPoint = "vips_value_get_blob")]
    internal static partial nint GetBlob(ref readonly GValue value, out nuint size);

    [LibraryImport(Name, EntryPoint = "vips_value_set_array_double")]
    internal static partial void SetDoubles(ref GValue value, ReadOnlySpan<double> array, int count);

    [LibraryImport(Name, EntryPoint = "vips_value_get_ref_string")]
    internal static partial nint GetRefString(ref readonly GValue value, out nuint length);

    // GObject

    [LibraryImport(Name, EntryPoint = "g_object_ref")]
    internal static partial nint Ref(nint instance);

    [LibraryImport(Name, EntryPoint = "g_object_unref")]
    internal static partial void Unref(nint instance);

    [LibraryImport(Name, EntryPoint = "g_object_set_property", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void SetProperty(VipsObject instance, string name, ref readonly GValue value);

    [LibraryImport(Name, EntryPoint = "g_object_get_property", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void GetProperty(VipsObject instance, string name, ref GValue value);

    [LibraryImport(Name, EntryPoint = "g_type_name")]
    internal static partial nint GetTypeName(nuint type);

    [LibraryImport(Name, EntryPoint = "g_type_fundamental")]
    internal static partial nuint GetFundamental(nuint type);

    [LibraryImport(Name, EntryPoint = "g_value_init")]
    internal static partial nint InitValue(ref GValue value, nuint type);

    [LibraryImport(Name, EntryPoint = "g_value_unset")]
    internal static partial void UnsetValue(ref GValue value);

    [LibraryImport(Name, EntryPoint = "g_value_set_boolean")]
    internal static partial void SetBoolean(ref GValue value, int content);

    [LibraryImport(Name, EntryPoint = "g_value_set_int")]
    internal static partial void SetInt(ref GValue value, int content);

    [LibraryImport(Name, EntryPoint = "g_value_set_double")]
    internal static partial void SetDouble(ref GValue value, double content);

    [LibraryImport(Name, EntryPoint = "g_value_set_enum")]
    internal static partial void SetEnum(ref GValue value, int content);

    [LibraryImport(Name, EntryPoint = "g_value_set_flags")]
    internal static partial void SetFlags(ref GValue value, uint content);

    [LibraryImport(Name, EntryPoint = "g_value_set_string", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void SetString(ref GValue value, string content);

    [LibraryImport(Name, EntryPoint = "g_value_set_boxed")]
    internal static partial void SetBoxed(ref GValue value, nint content);

    [LibraryImport(Name, EntryPoint = "g_value_set_object")]
    internal static partial void SetObject(ref GValue value, VipsObject content);

    [LibraryImport(Name, EntryPoint = "g_value_get_int")]
    internal static partial int GetInt(ref readonly GValue value);

    [LibraryImport(Name, EntryPoint = "g_value_get_double")]
    internal static partial double GetDouble(ref readonly GValue value);

    [LibraryImport(Name, EntryPoint = "g_value_get_string")]
    internal static partial nint GetString(ref readonly GValue value);

    [LibraryImport(Name, EntryPoint = "g_value_get_object")]
    internal static partial nint GetObject(ref readonly GValue value);

    [LibraryImport(Name, EntryPoint = "g_free")]
    internal static partial void Free(nint memory);
}
